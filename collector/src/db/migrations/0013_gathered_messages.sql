CREATE TABLE "gathering" (
	"webhook" text PRIMARY KEY NOT NULL,
	"state" jsonb NOT NULL,
	"due_ms" bigint
);
--> statement-breakpoint
ALTER TABLE "delivery" ADD COLUMN "carrier" text;--> statement-breakpoint
ALTER TABLE "gathering" ADD CONSTRAINT "gathering_webhook_webhook_id_fk" FOREIGN KEY ("webhook") REFERENCES "public"."webhook"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "delivery_gathered" ON "delivery" USING btree ("webhook","next_ms") WHERE state = 'gathered';--> statement-breakpoint
CREATE INDEX "delivery_carrier" ON "delivery" USING btree ("carrier") WHERE carrier is not null;