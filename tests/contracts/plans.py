"""How a database means to answer a query: along which index, and whether it sorts."""

from __future__ import annotations

from sqlalchemy import Executable, text
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.database import writing


async def plan_of(engine: AsyncEngine, query: Executable, *, of_few_rows: bool = True) -> str:
    words = str(query.compile(engine, compile_kwargs={"literal_binds": True}))
    return await plan_of_words(engine, words, of_few_rows=of_few_rows)


async def plan_of_words(
    engine: AsyncEngine, words: str, parameters: object = None, *, of_few_rows: bool = True
) -> str:
    """`of_few_rows`: PostgreSQL would rather read them all, and is kept from it."""
    sqlite = engine.dialect.name == "sqlite"
    async with writing(engine) as connection:
        if of_few_rows and not sqlite:
            await connection.execute(text("SET LOCAL enable_seqscan = off"))
        explain = "EXPLAIN QUERY PLAN" if sqlite else "EXPLAIN"
        found = await connection.exec_driver_sql(f"{explain} {words}", parameters)
        return "\n".join(str(row) for row in found)
