-- A session of before does not say which token opened it: people sign in again. A join token that is used is gone.
DELETE FROM "token" WHERE "kind" = 'session' OR "uses_left" = 0;--> statement-breakpoint
CREATE TABLE "audit" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "audit_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"at_ms" bigint NOT NULL,
	"by" text NOT NULL,
	"deed" text NOT NULL,
	"token" text NOT NULL,
	"kind" text NOT NULL,
	"role" text,
	"name" text,
	"contract" text
);
--> statement-breakpoint
ALTER TABLE "token" ADD COLUMN "id" text DEFAULT 'tok_' || left(replace(gen_random_uuid()::text, '-', ''), 16) NOT NULL;--> statement-breakpoint
ALTER TABLE "token" ADD COLUMN "parent" text;--> statement-breakpoint
ALTER TABLE "token" ADD CONSTRAINT "token_id_unique" UNIQUE("id");--> statement-breakpoint
ALTER TABLE "token" ADD CONSTRAINT "token_parent_token_id_fk" FOREIGN KEY ("parent") REFERENCES "public"."token"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "token" DROP COLUMN "uses_left";