CREATE TABLE "timestamp" (
	"log" integer NOT NULL,
	"size" bigint NOT NULL,
	"token" "bytea" NOT NULL,
	"at_ms" bigint NOT NULL,
	CONSTRAINT "timestamp_log_size_pk" PRIMARY KEY("log","size")
);
