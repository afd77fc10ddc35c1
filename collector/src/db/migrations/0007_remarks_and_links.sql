CREATE TABLE "said" (
	"digest" "bytea" PRIMARY KEY NOT NULL,
	"salt" "bytea" NOT NULL,
	"text" text NOT NULL
);
--> statement-breakpoint
ALTER TABLE "token" ADD COLUMN "incident" text;