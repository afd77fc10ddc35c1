CREATE TABLE "said" (
	"digest" "bytea" PRIMARY KEY NOT NULL,
	"salt" "bytea" NOT NULL,
	"text" text NOT NULL
);
