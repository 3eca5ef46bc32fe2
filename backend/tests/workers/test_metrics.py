"""What worker and relay count can be read over HTTP."""

from httpx2 import AsyncClient, TransportError

from app.workers.celery_app import TICK, celery_app
from launcher.system import free_port
from tests.factories.access import Company
from tests.workers.processes import eventually, relay, running


async def metrics(port: int) -> str:
    async with AsyncClient() as client:
        return (await client.get(f"http://127.0.0.1:{port}/metrics")).text


async def test_the_worker_tells_what_all_its_processes_did() -> None:
    port = free_port()
    words = ("app.workers.worker", "--concurrency", "2", "--loglevel", "WARNING")
    with running(*words, WORKER_METRICS_PORT=str(port)) as working:
        for _ in range(6):
            celery_app.send_task(TICK, args=["work.heartbeat"], queue="default")

        async def counted() -> bool:
            try:
                found = await metrics(port)
            except TransportError:
                return False
            return 'stratum_tasks_total{outcome="done",task="work.heartbeat"} 6.0' in found

        await eventually(counted, watched=(working,))
        assert working.terminate() == 0


async def test_the_relay_tells_its_depth_and_lag(acme: Company) -> None:
    port = free_port()
    async with acme.scopes() as scope:
        await scope.announce("emq_update", {})
    with relay(RELAY_METRICS_PORT=str(port)) as relaying:

        async def counted() -> bool:
            try:
                found = await metrics(port)
            except TransportError:
                return False
            return (
                'stratum_relay_lag_seconds_count{kind="live"}' in found
                and 'stratum_outbox_depth{kind="task",state="waiting"}' in found
            )

        await eventually(counted, watched=(relaying,))
