CREATE TABLE "alerting" (
	"contract" text PRIMARY KEY NOT NULL,
	"digest" text NOT NULL,
	"documents" jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "reminder" (
	"subject" text NOT NULL,
	"step" text NOT NULL,
	"at_ms" bigint NOT NULL,
	CONSTRAINT "reminder_subject_step_pk" PRIMARY KEY("subject","step")
);
--> statement-breakpoint
ALTER TABLE "webhook" ADD COLUMN "last_secret" text;--> statement-breakpoint
ALTER TABLE "webhook" ADD COLUMN "last_secret_until_ms" bigint;--> statement-breakpoint
ALTER TABLE "webhook" ADD COLUMN "contract" text;--> statement-breakpoint
ALTER TABLE "webhook" ADD COLUMN "endpoint" text;--> statement-breakpoint
ALTER TABLE "webhook" ADD COLUMN "language" text;--> statement-breakpoint
ALTER TABLE "webhook" ADD COLUMN "ended_ms" bigint;--> statement-breakpoint
CREATE UNIQUE INDEX "webhook_endpoint" ON "webhook" USING btree ("contract","endpoint");