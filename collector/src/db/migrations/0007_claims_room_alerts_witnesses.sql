CREATE TABLE "alerting" (
	"contract" text PRIMARY KEY NOT NULL,
	"digest" text NOT NULL,
	"documents" jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "cosignature" (
	"log" integer NOT NULL,
	"size" bigint NOT NULL,
	"name" text NOT NULL,
	"key_id" bigint NOT NULL,
	"signature" "bytea" NOT NULL,
	"at_ms" bigint NOT NULL,
	CONSTRAINT "cosignature_log_size_name_key_id_pk" PRIMARY KEY("log","size","name","key_id")
);
--> statement-breakpoint
CREATE TABLE "reminder" (
	"subject" text NOT NULL,
	"step" text NOT NULL,
	"at_ms" bigint NOT NULL,
	CONSTRAINT "reminder_subject_step_pk" PRIMARY KEY("subject","step")
);
--> statement-breakpoint
CREATE TABLE "said" (
	"digest" "bytea" PRIMARY KEY NOT NULL,
	"salt" "bytea" NOT NULL,
	"text" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "witnessed" (
	"origin" text PRIMARY KEY NOT NULL,
	"note" text NOT NULL,
	"at_ms" bigint NOT NULL
);
--> statement-breakpoint
ALTER TABLE "token" ADD COLUMN "incident" text;--> statement-breakpoint
ALTER TABLE "webhook" ADD COLUMN "last_secret" text;--> statement-breakpoint
ALTER TABLE "webhook" ADD COLUMN "last_secret_until_ms" bigint;--> statement-breakpoint
ALTER TABLE "webhook" ADD COLUMN "contract" text;--> statement-breakpoint
ALTER TABLE "webhook" ADD COLUMN "endpoint" text;--> statement-breakpoint
ALTER TABLE "webhook" ADD COLUMN "operated_by" text;--> statement-breakpoint
ALTER TABLE "webhook" ADD COLUMN "operated_ms" bigint;--> statement-breakpoint
ALTER TABLE "webhook" ADD COLUMN "language" text;--> statement-breakpoint
ALTER TABLE "webhook" ADD COLUMN "ended_ms" bigint;--> statement-breakpoint
CREATE UNIQUE INDEX "webhook_endpoint" ON "webhook" USING btree ("contract","endpoint");