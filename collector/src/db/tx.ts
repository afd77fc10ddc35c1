/**
 * The two handles of the database: `Database` opens transactions, `Tx` is inside one. A function that
 * takes a `Tx` is part of somebody else's step. int8 columns arrive as numbers. Types only.
 */
import type postgres from 'postgres'

export type Database = postgres.Sql<{ bigint: number }>
export type Tx = postgres.TransactionSql<{ bigint: number }>
