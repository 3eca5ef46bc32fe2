from app.core.errors import Invalid, NotFound


class StrategyNotFound(NotFound):
    """There is no strategy of that name."""

    code = "autopilot.strategies.not_found"


class BadStrategySetting(Invalid):
    """A setting of the strategy is not valid."""

    code = "autopilot.strategies.bad_setting"
