"""The routes, one module for each group."""

from fastapi import APIRouter

from lab.service.routes import probes, rag

router = APIRouter()
for group in (rag, probes):
    router.include_router(group.router)
