"""The routes, one module for each group."""

from fastapi import APIRouter

from lab.service.routes import documents, probes, query, rag

router = APIRouter()
for group in (rag, query, documents, probes):
    router.include_router(group.router)
