"""What each procedure takes."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic.alias_generators import to_camel

from api import fields
from storage.records import Status

PAGE_MAX = 1000


class Input(BaseModel):
    """Nothing that is not named is taken: a misspelt field is told, not ignored."""

    model_config = ConfigDict(extra="forbid")


class AgentCostIn(Input):
    """A cost that Purser did not see pass."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, populate_by_name=True)

    agent_type: fields.Agent
    campaign_id: fields.Name | None = None
    tokens: fields.Tokens
    task: fields.Name | None = None
    execution_id: fields.Identifier | None = None
    metadata: fields.Metadata | None = None
    enforce: bool = Field(
        False, description="Refuse it where a call of that cost would be, instead of recording it."
    )
    additional: bool = Field(
        False, description="Record it although calls of this execution were metered."
    )


class Period(Input):
    """A month of the budgets' zone, or from a moment to another; without any, this month."""

    month: fields.Month | None = None
    since: fields.Time | None = None
    until: fields.Time | None = None

    @field_validator("since", "until")
    @classmethod
    def _one_of_both(cls, value: int | None, info: ValidationInfo) -> int | None:
        if value is not None and info.data.get("month") is not None:
            raise ValueError("either a month, or since and until")
        since = info.data.get("since")
        if (
            info.field_name == "until"
            and value is not None
            and since is not None
            and since >= value
        ):
            raise ValueError("a moment after since")
        return value


class CampaignSpendIn(Period):
    """Whose spend, and of when."""

    campaign_id: fields.Name


class AgentCostsIn(Period):
    """Which part of what agents spent."""

    campaign: fields.Name | None = None


class MonthIn(Input):
    """A month."""

    month: fields.Month


class BudgetIn(Input):
    """A limit."""

    limit_usd: fields.UsdIn | None = Field(description="null lifts what was set here before.")
    until: Literal["month", "changed"] = Field(
        "month", description="For this month alone, or from now on until changed."
    )
    reason: fields.Reason | None = None
    version: Annotated[int, Field(strict=True, ge=0)] | None = Field(
        None, description="The version this was read at: refused where somebody changed it since."
    )


class MonthBudgetIn(BudgetIn):
    """The month's budget: the limit of the primary rule."""

    month: fields.Month


class CampaignLimitIn(Input):
    """A campaign's own limit in the rule that gives each campaign one."""

    limit_usd: fields.UsdIn | None = Field(description="null: that of the rule again.")
    until: Literal["window", "changed"] = Field(
        "changed", description="For the rule's current window alone, or until changed."
    )
    reason: fields.Reason | None = None
    version: Annotated[int, Field(strict=True, ge=0)] | None = None


class CampaignBudgetIn(CampaignLimitIn):
    """Whose limit."""

    campaign_id: fields.Name


class StatusIn(Input):
    """Whether a campaign may spend."""

    status: Literal["active", "paused", "completed"]
    reason: fields.Reason | None = None


class CampaignStatusIn(StatusIn):
    """Whose status."""

    campaign_id: fields.Name


class RevenueIn(Input):
    """What a campaign has brought in, in all."""

    revenue_usd: fields.UsdIn | None
    reason: fields.Reason | None = None


class CampaignRevenueIn(RevenueIn):
    """Whose revenue."""

    campaign_id: fields.Name


class NothingIn(Input):
    """Nothing is asked."""


class CheckIn(Input):
    """A call that is thought of: its worst case, and what rules go by."""

    cost_usd: fields.UsdIn
    agent: fields.Agent = "unattributed"
    campaign: fields.Name = "unattributed"
    task: fields.Name = "unattributed"
    key: fields.Name = "unattributed"
    model: fields.ModelName = "unattributed"
    endpoint: fields.Endpoint = "chat/completions"


class FilterIn(Period):
    """Which ledger entries; what is left out is not asked."""

    agent: fields.Agent | None = None
    campaign: fields.Name | None = None
    task: fields.Name | None = None
    key: fields.Name | None = None
    model: fields.ModelName | None = None
    endpoint: fields.Endpoint | None = None
    status: Status | None = None
    execution_id: fields.Identifier | None = None
    request_id: fields.Identifier | None = None
    hold_id: fields.Identifier | None = None


class TransactionsIn(FilterIn):
    """One page of them."""

    limit: Annotated[int, Field(ge=1, le=PAGE_MAX)] = 50
    cursor: Annotated[str, Field(max_length=fields.CURSOR_CHARS_MAX)] | None = Field(
        None, description="`next_cursor` of the page before."
    )


class ExportIn(FilterIn):
    """All of them, as a file."""

    format: Literal["csv", "jsonl"] = "csv"


class AmountIn(Input):
    """What a call shall have cost in all."""

    charge_usd: fields.UsdIn
    provider_usd: fields.UsdIn | None = Field(None, description="Left out: as it is.")
    reason: fields.Reason


class CorrectionIn(AmountIn):
    """Which call."""

    hold_id: fields.Identifier


class ReasonIn(Input):
    """Why."""

    reason: fields.Reason
