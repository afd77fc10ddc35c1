CREATE TABLE "sent_file" (
	"report" text NOT NULL,
	"form" text NOT NULL,
	"lang" text NOT NULL,
	"digest" text NOT NULL,
	"body" "bytea" NOT NULL,
	CONSTRAINT "sent_file_report_form_lang_pk" PRIMARY KEY("report","form","lang")
);
--> statement-breakpoint
CREATE TABLE "sent_report" (
	"id" text PRIMARY KEY NOT NULL,
	"contract" text NOT NULL,
	"document" text NOT NULL,
	"schedule" text NOT NULL,
	"occasion" text NOT NULL,
	"side" text NOT NULL,
	"window" text NOT NULL,
	"version" integer,
	"made_ms" bigint NOT NULL,
	"facts" text NOT NULL,
	"digest" text NOT NULL,
	"terms_revision" integer NOT NULL,
	"product" text NOT NULL,
	"sent_to" jsonb NOT NULL
);
--> statement-breakpoint
ALTER TABLE "agent" ADD COLUMN "in_hand" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "alerting" ADD COLUMN "reports_since" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "sent_file" ADD CONSTRAINT "sent_file_report_sent_report_id_fk" FOREIGN KEY ("report") REFERENCES "public"."sent_report"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "sent_report_once" ON "sent_report" USING btree ("contract","document","schedule","occasion","side");--> statement-breakpoint
CREATE INDEX "sent_report_made" ON "sent_report" USING btree ("contract","made_ms","id");--> statement-breakpoint
CREATE INDEX "delivery_report" ON "delivery" USING btree ((payload::jsonb #>> '{data,id}')) WHERE type = 'report.ready';