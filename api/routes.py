"""The REST side: which path leads to which procedure. The OpenAPI document is made of this."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Header, Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from api import campaigns, control, costs, fields, inputs, months, outputs, transactions
from api.answers import answer
from api.context import Context

router = APIRouter(prefix="/api/billing")

_ERRORS: Final[dict[int | str, dict[str, Any]]] = {
    status: {"model": outputs.Error, "description": what}
    for status, what in {
        401: "No token, or one that opens nothing",
        403: "A token of another kind or role",
        404: "There is no such thing",
        408: "The request was not complete in time",
        409: "It contradicts how things stand; the code says how",
        413: "A body that is too large",
        422: "A field that was not taken",
        503: "Redis or SQL does not answer: try again",
    }.items()
}
_REFUSED: Final[dict[int | str, dict[str, Any]]] = {
    429: {"model": outputs.Error, "description": "Refused by a budget (`enforce`); not recorded"}
}
_FILE: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"text/csv": {}, "application/x-ndjson": {}}, "description": "A file"}
}

Campaign = Annotated[fields.Name, Path(description="The campaign, in any case.")]
Month = Annotated[fields.Month, Path()]
Flag = Annotated[bool, Query()]


def context(request: Request) -> Context:
    """The request as procedures take it; the gate has let it through."""
    scope = request.scope
    return Context(request.app.state.services, scope["actor"], scope["idempotency_key"])


@router.post(
    "/agent-costs",
    status_code=201,
    response_model=outputs.AgentCost,
    responses=_ERRORS | _REFUSED,
    operation_id="logAgentCost",
)
async def log_agent_cost(
    request: Request,
    given: inputs.AgentCostIn,
    idempotency_key: Annotated[  # noqa: ARG001  the gate has read it; this is its documentation
        str | None, Header(json_schema_extra={"pattern": "^[!-~]{1,255}$"})
    ] = None,
    enforce: Flag = False,
    additional: Flag = False,
) -> Response:
    """Record a cost that Purser did not see pass: tokens × the agent's rate, in every budget."""
    wanted = given.model_copy(
        update={
            "enforce": enforce or given.enforce,
            "additional": additional or given.additional,
        }
    )
    done = await costs.log_agent_cost(context(request), wanted)
    return answer(done, 201)


@router.get(
    "/agents/costs",
    response_model=outputs.AgentCosts,
    responses=_ERRORS,
    operation_id="getAgentCosts",
)
async def agent_costs(request: Request, given: Annotated[inputs.AgentCostsIn, Query()]) -> Response:
    """What each agent type spent, dearest first."""
    return answer(await costs.get_agent_costs(context(request), given))


@router.get(
    "/campaigns/{campaign:path}/spend",
    response_model=outputs.CampaignSpend,
    responses=_ERRORS,
    operation_id="getCampaignSpend",
)
async def campaign_spend(
    request: Request, campaign: Campaign, given: Annotated[inputs.Period, Query()]
) -> Response:
    """What a campaign spent, may spend, and brought in."""
    wanted = inputs.CampaignSpendIn.model_construct(**dict(given), campaign_id=campaign)
    return answer(await costs.get_campaign_spend(context(request), wanted))


@router.put(
    "/campaigns/{campaign:path}/budget",
    response_model=outputs.CampaignBudget,
    responses=_ERRORS,
    operation_id="setCampaignBudget",
)
async def campaign_budget(
    request: Request, campaign: Campaign, given: inputs.CampaignLimitIn
) -> Response:
    """Set a campaign's own limit, or give it that of the rule again; it binds the next call."""
    wanted = inputs.CampaignBudgetIn.model_construct(**dict(given), campaign_id=campaign)
    return answer(await campaigns.set_campaign_budget(context(request), wanted))


@router.put(
    "/campaigns/{campaign:path}/status",
    response_model=outputs.CampaignState,
    responses=_ERRORS,
    operation_id="setCampaignStatus",
)
async def campaign_status(request: Request, campaign: Campaign, given: inputs.StatusIn) -> Response:
    """Let a campaign's calls pass, or refuse them from the next one on."""
    wanted = inputs.CampaignStatusIn.model_construct(**dict(given), campaign_id=campaign)
    return answer(await campaigns.set_campaign_status(context(request), wanted))


@router.put(
    "/campaigns/{campaign:path}/revenue",
    response_model=outputs.CampaignState,
    responses=_ERRORS,
    operation_id="setCampaignRevenue",
)
async def campaign_revenue(
    request: Request, campaign: Campaign, given: inputs.RevenueIn
) -> Response:
    """Say what a campaign has brought in."""
    wanted = inputs.CampaignRevenueIn.model_construct(**dict(given), campaign_id=campaign)
    return answer(await campaigns.set_campaign_revenue(context(request), wanted))


@router.get(
    "/months/{month}/summary",
    response_model=outputs.MonthSummary,
    responses=_ERRORS,
    operation_id="getMonthSummary",
)
async def month_summary(request: Request, month: Month) -> Response:
    """How a month stands in the primary budget, and how it is likely to end."""
    wanted = inputs.MonthIn.model_construct(month=month)
    return answer(await months.get_month_summary(context(request), wanted))


@router.put(
    "/months/{month}/budget",
    response_model=outputs.MonthBudget,
    responses=_ERRORS,
    operation_id="setMonthlyBudget",
)
async def month_budget(request: Request, month: Month, given: inputs.BudgetIn) -> Response:
    """Set what a month may spend; never a past one. It binds the next call."""
    wanted = inputs.MonthBudgetIn.model_construct(**dict(given), month=month)
    return answer(await months.set_monthly_budget(context(request), wanted))


@router.get("/rates", response_model=outputs.Rates, responses=_ERRORS, operation_id="getRates")
async def rates(request: Request) -> Response:
    """The rate card in force."""
    return answer(await costs.get_rates(context(request), inputs.NothingIn()))


@router.get("/check", response_model=outputs.Check, responses=_ERRORS, operation_id="check")
async def check(request: Request, given: Annotated[inputs.CheckIn, Query()]) -> Response:
    """Whether a call of this worst case would be refused now, and by which budget."""
    return answer(await control.check(context(request), given))


@router.get(
    "/transactions",
    response_model=outputs.Transactions,
    responses=_ERRORS,
    operation_id="getTransactions",
)
async def list_transactions(
    request: Request, given: Annotated[inputs.TransactionsIn, Query()]
) -> Response:
    """Ledger entries by page, newest first."""
    return answer(await transactions.get_transactions(context(request), given))


@router.post(
    "/transactions/{hold}/corrections",
    status_code=201,
    response_model=outputs.Correction,
    responses=_ERRORS,
    operation_id="correctTransaction",
)
async def correct_transaction(
    request: Request,
    hold: Annotated[fields.Identifier, Path()],
    given: Annotated[inputs.AmountIn, Body()],
) -> Response:
    """Correct what an ended call has cost: a new entry with the difference, and an audit line."""
    wanted = inputs.CorrectionIn.model_construct(**dict(given), hold_id=hold)
    return answer(await transactions.correct_transaction(context(request), wanted), 201)


@router.get("/export", responses=_ERRORS | _FILE, operation_id="export")
async def export(request: Request, given: Annotated[inputs.ExportIn, Query()]) -> Response:
    """All ledger entries that fit, oldest first, as a file."""
    parts = transactions.export(context(request), given)
    # The first part is read before any header goes: a database that is down is still told.
    first = await anext(parts)

    async def whole() -> Any:
        yield first
        async for part in parts:
            yield part

    kinds = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}
    name = f"purser-ledger.{given.format}"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
    }
    return StreamingResponse(whole(), media_type=kinds[given.format], headers=headers)


@router.post("/freeze", response_model=outputs.Freeze, responses=_ERRORS, operation_id="freeze")
async def freeze(request: Request, given: inputs.ReasonIn) -> Response:
    """Refuse every metered call from the next one on, everywhere."""
    return answer(await control.freeze(context(request), given))


@router.post("/thaw", response_model=outputs.Freeze, responses=_ERRORS, operation_id="thaw")
async def thaw(request: Request, given: inputs.ReasonIn) -> Response:
    """Let calls pass again."""
    return answer(await control.thaw(context(request), given))
