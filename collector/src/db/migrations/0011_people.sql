CREATE TABLE "person" (
	"id" text PRIMARY KEY NOT NULL,
	"key" text NOT NULL,
	"password" text,
	"subject" text,
	"totp" "bytea",
	"totp_step" bigint DEFAULT 0 NOT NULL,
	"lang" text,
	"zone" text,
	CONSTRAINT "person_key_unique" UNIQUE("key"),
	CONSTRAINT "person_subject_unique" UNIQUE("subject")
);
--> statement-breakpoint
ALTER TABLE "audit" RENAME COLUMN "contract" TO "contracts";--> statement-breakpoint
ALTER TABLE "audit" ALTER COLUMN "contracts" SET DATA TYPE text[] USING CASE WHEN "contracts" IS NULL THEN NULL ELSE ARRAY["contracts"] END;--> statement-breakpoint
ALTER TABLE "token" RENAME COLUMN "contract" TO "contracts";--> statement-breakpoint
ALTER TABLE "token" ALTER COLUMN "contracts" SET DATA TYPE text[] USING CASE WHEN "contracts" IS NULL THEN NULL ELSE ARRAY["contracts"] END;--> statement-breakpoint
ALTER TABLE "person" ADD CONSTRAINT "person_id_token_id_fk" FOREIGN KEY ("id") REFERENCES "public"."token"("id") ON DELETE cascade ON UPDATE no action;