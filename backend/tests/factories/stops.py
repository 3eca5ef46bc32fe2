"""Stops to test with, over the campaigns that a sandbox really has."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, update

from app.db.session import Scopes
from app.models.autopilot.actions import AutopilotAction
from app.models.autopilot.stops import AutopilotStop, AutopilotStopCampaign
from app.models.campaigns import Campaign
from app.services.autopilot.actions.execution import ActionExecution
from app.services.autopilot.enforcement.freeze import Freeze
from app.services.autopilot.stops.running import StopRuns
from app.services.autopilot.stops.service import StopKind, Stopped, StopService, StopWanted
from app.services.campaigns.service import CampaignService
from app.services.integrations.service import IntegrationsService
from tests.factories.access import Company
from tests.factories.integrations import HU_ACCOUNT, US_ACCOUNT, Connected, connect
from tests.factories.trust import trusted
from tests.sandbox_process import Sandbox


@dataclass(frozen=True)
class Running:
    """A company with both of the sandbox's accounts, whose campaigns are known here as they are there."""

    scopes: Scopes
    world: Sandbox
    accounts: Connected

    async def read(self) -> None:
        """As a synchronisation would."""
        for account in (self.accounts.dollars, self.accounts.forints):
            platform = await IntegrationsService(self.scopes).connector(account)
            campaigns, ad_sets = await platform.list_campaigns(), await platform.list_ad_sets()
            async with self.scopes() as scope:
                await CampaignService(scope).absorb(account, "meta", campaigns, ad_sets)

    async def is_healthy(self, score: float = 95.0) -> None:
        """Its signals are, and nothing is learning: what other tests did to the campaigns is long ago."""
        for account in (self.accounts.dollars, self.accounts.forints):
            await trusted(self.scopes, account, score=score)
        async with self.scopes() as scope:
            await scope.session.execute(update(Campaign).values(learning=False))

    async def campaigns(self) -> dict[str, Campaign]:
        """As we know them, by the platform's ids."""
        async with self.scopes() as scope:
            return {each.external_id: each for each in await scope.session.scalars(select(Campaign))}

    async def active(self) -> set[str]:
        return {entity for entity, each in (await self.campaigns()).items() if each.status == "active"}

    def held(self) -> dict[str, str]:
        """Each campaign's status, as the platform has it."""
        return {
            each["id"]: each["status"]
            for account in (US_ACCOUNT, HU_ACCOUNT)
            for each in self.world.graph(
                "GET", f"act_{account}/campaigns", fields="status", limit="1000"
            ).json()["data"]
        }

    def edit(self, entity: str, status: str) -> None:
        """By somebody else, on the platform."""
        self.world.control("POST", "meta/edit", json={"object_id": entity, "changes": {"status": status}})

    async def stop(
        self, kind: StopKind = StopKind.PAUSE_ALL, account: UUID | None = None, **more: str
    ) -> AutopilotStop:
        wanted = StopWanted(kind, "The pixel is dead.", ad_account_id=account, **more)
        async with self.scopes() as scope:
            return (await StopService(scope, Freeze(scope)).ask(wanted)).row

    async def give_back(self, stop_id: UUID) -> None:
        async with self.scopes() as scope:
            await StopService(scope, Freeze(scope)).give_back(stop_id, reason="It counts again.")

    async def go_on(self, stop_id: UUID) -> None:
        """What a worker does: propose, and execute what passed."""
        await StopRuns(self.scopes).go_on(stop_id)
        for action in (await self.actions()).values():
            if action.state == "approved":
                await ActionExecution(self.scopes).run(action.id)

    async def actions(self) -> dict[UUID, AutopilotAction]:
        """In the order in which they were proposed."""
        async with self.scopes() as scope:
            statement = select(AutopilotAction).order_by(AutopilotAction.id)
            return {each.id: each for each in await scope.session.scalars(statement)}

    async def shown(self, stop_id: UUID) -> Stopped:
        async with self.scopes() as scope:
            return await StopService(scope, Freeze(scope)).get(stop_id)

    async def lines(self, stop_id: UUID) -> dict[str, AutopilotStopCampaign]:
        """The stop's campaigns, by the platform's ids."""
        row = AutopilotStopCampaign
        async with self.scopes() as scope:
            statement = (
                select(Campaign.external_id, row)
                .join(Campaign, Campaign.id == row.campaign_id)
                .where(row.stop_id == stop_id)
            )
            return dict((await scope.session.execute(statement)).all())


async def running_company(company: Company, world: Sandbox) -> Running:
    found = Running(company.scopes, world, await connect(company.scopes, world))
    await found.read()
    return found
