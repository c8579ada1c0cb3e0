"""Is it alive, is it ready: asked by Docker, by load balancers and by people."""

from fastapi import APIRouter, Request, Response

from lab.service.models import Health, Readiness
from lab.service.routes.depends import Given

router = APIRouter()


@router.get("/health")
async def health() -> Health:
    """Alive: the process answers. Restart it when this fails; never because another service is away."""
    return Health()


@router.get("/ready", responses={503: {"model": Readiness}})
def ready(request: Request, response: Response, settings: Given) -> Readiness:
    """Ready: Chroma and the model server answer, and both models are there. 503 otherwise."""
    readiness: Readiness = request.app.state.probe(settings)
    response.status_code = 200 if readiness.status == "ready" else 503
    return readiness
