"""Ids that stand in addresses, as named types."""

from typing import Annotated
from uuid import UUID

from fastapi import Path

AccountId = Annotated[UUID, Path(description="The ad account's id here.")]
ActionId = Annotated[UUID, Path(description="The action's id.")]
AssertionId = Annotated[UUID, Path(description="The assertion of the ledger that made the link.")]
AudienceId = Annotated[UUID, Path(description="The audience's id here.")]
AudienceRunId = Annotated[UUID, Path(description="The run's id.")]
CalendarEntryId = Annotated[UUID, Path(description="The calendar entry's id.")]
CampaignId = Annotated[UUID, Path(description="The campaign's id here.")]
ConnectionId = Annotated[UUID, Path(description="The connection's id.")]
DeadLetterId = Annotated[UUID, Path(description="The dead letter's id.")]
DecisionId = Annotated[UUID, Path(description="The decision's id, a row of the ledger.")]
DeliveryId = Annotated[UUID, Path(description="The delivery's id.")]
EventId = Annotated[UUID, Path(description="The event's id here.")]
ExportId = Annotated[UUID, Path(description="The export's id.")]
FunnelId = Annotated[UUID, Path(description="The funnel's id.")]
ImportId = Annotated[UUID, Path(description="The import's id.")]
IncidentId = Annotated[UUID, Path(description="The incident's id.")]
InvitationId = Annotated[UUID, Path(description="The invitation's id.")]
KeyId = Annotated[UUID, Path(description="The API key's id.")]
NotificationDeliveryId = Annotated[UUID, Path(description="The message's id, a row of the log.")]
NotificationId = Annotated[UUID, Path(description="The notification's id.")]
PrivacyRequestId = Annotated[UUID, Path(description="The privacy request's id.")]
ProfileId = Annotated[UUID, Path(description="The profile's id.")]
ReportId = Annotated[UUID, Path(description="The retention report's id.")]
SegmentId = Annotated[UUID, Path(description="The segment's id.")]
SessionId = Annotated[UUID, Path(description="The session's id.")]
SourceId = Annotated[UUID, Path(description="The source's id.")]
TraitId = Annotated[UUID, Path(description="The computed trait's id.")]
UserId = Annotated[UUID, Path(description="The member's id.")]
VerdictId = Annotated[UUID, Path(description="The verdict's id.")]
WebhookId = Annotated[UUID, Path(description="The webhook's id.")]
WebhookDeliveryId = Annotated[UUID, Path(description="The id of a try, a row of the webhook's log.")]
