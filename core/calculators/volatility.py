"""``volatility``: how much a price moves, by the estimator that is asked for."""

from __future__ import annotations

import math
from typing import TypeVar

from core.calculators.estimates import estimating, floats, known, maybe
from core.calculators.fields import Unknown
from core.calculators.volatility_fields import Estimator, VolatilityAnswer, VolatilityRequest
from core.errors import RequestError
from core.explain import note
from core.stats.garch import Garch, forecast, garch, long_run_volatility, variance_after
from core.stats.moments import returns_of
from core.stats.volatility import (
    NEED_THE_CLOSE_BEFORE,
    RANGE_ESTIMATORS,
    Sampling,
    Volatility,
    about_zero,
    close_to_close,
    ewma,
    half_life,
    of_returns,
    of_variance,
    sampling,
)

_Item = TypeVar("_Item")
_ONLY_FOR: dict[str, tuple[Estimator, ...]] = {
    "decay": ("ewma",),
    "previous_volatility": ("ewma", "garch"),
    "divisor": ("close-to-close",),
    "about": ("close-to-close",),
    "per_bar": ("stated",),
    **dict.fromkeys(("omega", "long_run_volatility", "alpha", "beta", "horizon"), ("garch",)),
}
_SOURCES = ("candles", "closes", "returns", "per_bar")


@estimating
def volatility(request: VolatilityRequest) -> VolatilityAnswer | Unknown:
    """Answer a ``volatility`` request. Raises RequestError for fields that are lacking or contradict each other."""
    request.exclude_each_other(*_SOURCES)
    estimator = request.estimator or _usual(request)
    missing = _missing(request, estimator)
    if missing:
        return Unknown(missing=missing)
    bars = sampling(float(request.periods_per_year), maybe(request.bar_hours))
    if estimator in RANGE_ESTIMATORS:
        return _answer(request, estimator, _from_candles(request, estimator, bars))
    if estimator == "stated":
        return _answer(request, estimator, of_variance("stated", _square(request), 0, 0, bars))
    if estimator == "garch":
        model, returns = _model(request), _returns(request) if _has_data(request) else []
        square = variance_after(model, returns, maybe(request.previous_volatility))
        note("observations: bars", "count(returns)", len(returns), {"returns": returns})
        return _answer(request, estimator, of_variance("garch", square, len(returns), len(returns), bars), model)
    if estimator == "ewma":
        returns = _returns(request)
        seed = maybe(request.previous_volatility)
        return _answer(request, estimator, ewma(returns, bars, decay=float(request.decay), seed_volatility=seed))
    if request.about == "zero":
        return _answer(request, estimator, about_zero(_returns(request), bars))
    if request.returns is not None:
        returns = _last(floats(request.returns), request.window, "returns")
        return _answer(request, estimator, of_returns(returns, bars, divisor=request.divisor))
    closes = _last(_closes(request), request.window, "closes")
    found = close_to_close(closes, bars, returns=request.return_kind, divisor=request.divisor)
    return _answer(request, estimator, found)


def _missing(request: VolatilityRequest, estimator: Estimator) -> tuple[str, ...]:
    if request.window == 0:
        raise RequestError("window", "one or more", "0")
    for name, holders in _ONLY_FOR.items():
        if estimator not in holders:
            request.refuse(f"beside {estimator}", name)
    if request.about == "zero":
        request.refuse("about zero", "divisor")
    if request.price is not None:
        request.lacking("days", why="beside price")
    optional = ("window", "bar_hours", "previous_volatility", "days", "price", "horizon")
    unknown = tuple(name for name in optional if request.given(name) and getattr(request, name) is None)
    if estimator == "stated":
        return tuple(dict.fromkeys(request.lacking("per_bar") + unknown))
    if estimator == "garch":
        request.exclude_each_other("omega", "long_run_volatility")
        needed = (("alpha",), ("beta",), ("omega", "long_run_volatility"))
        unknown += tuple(name for names in needed for name in request.lacking(*names, why="for garch"))
        if request.given("previous_volatility") and not any(map(request.given, _SOURCES)):
            return tuple(dict.fromkeys(unknown))
    return tuple(dict.fromkeys(request.lacking(*_SOURCES) + unknown))


def _usual(request: VolatilityRequest) -> Estimator:
    if request.given("per_bar"):
        return "stated"
    return "close-to-close" if request.candles is None else "yang-zhang"


def _has_data(request: VolatilityRequest) -> bool:
    return any(getattr(request, name) is not None for name in ("candles", "closes", "returns"))


def _square(request: VolatilityRequest) -> float:
    stated = known(request.per_bar)
    note("variance per bar", "per_bar ** 2", stated**2, {"per_bar": stated})
    note("observations and bars, none", "0", 0, {})
    return stated**2


def _model(request: VolatilityRequest) -> Garch:
    omega, level = maybe(request.omega), maybe(request.long_run_volatility)
    return garch(known(request.alpha), known(request.beta), omega=omega, long_run_volatility=level)


def _from_candles(request: VolatilityRequest, estimator: str, bars: Sampling) -> Volatility:
    if request.candles is None:
        raise RequestError("candles", f"candles for {estimator}", "closes" if request.closes is not None else "returns")
    before = estimator in NEED_THE_CLOSE_BEFORE
    window = None if request.window is None else request.window + before
    return RANGE_ESTIMATORS[estimator](_last(list(request.candles), window, "candles"), bars)


def _closes(request: VolatilityRequest) -> list[float]:
    if request.closes is not None:
        return floats(request.closes)
    return floats(candle.close for candle in request.candles or ())


def _returns(request: VolatilityRequest) -> list[float]:
    if request.returns is not None:
        return _last(floats(request.returns), request.window, "returns")
    closes = _last(_closes(request), request.window, "closes")
    return returns_of(closes, request.return_kind, "closes")


def _last(values: list[_Item], window: int | None, name: str) -> list[_Item]:
    if window is None:
        return values
    if len(values) < window:
        raise RequestError(name, f"at least {window} for this window", str(len(values)))
    return values[-window:]


def _answer(
    request: VolatilityRequest, estimator: Estimator, found: Volatility, model: Garch | None = None
) -> VolatilityAnswer:
    prices = request.closes is not None or request.candles is not None
    of_closes = estimator in ("close-to-close", "ewma", "garch") and prices
    about_mean = estimator == "close-to-close" and request.about == "mean"
    days, price = maybe(request.days), maybe(request.price)
    over_days = None if days is None else found.daily * math.sqrt(days)
    ahead = None
    if model is not None and request.horizon is not None:
        ahead = math.sqrt(forecast(model, found.per_bar**2, request.horizon))
    decay = float(request.decay) if estimator == "ewma" else None
    return VolatilityAnswer(
        estimator=estimator,
        annual=found.annual,
        daily=found.daily,
        per_bar=found.per_bar,
        variance_per_bar=found.per_bar**2,
        bars=found.bars,
        observations=found.observations,
        bar_hours=found.bar_hours,
        periods_per_year=found.periods_per_year,
        return_kind=request.return_kind if of_closes else None,
        divisor=request.divisor if about_mean else None,
        decay=decay,
        half_life=None if decay is None else half_life(decay),
        over_days=over_days,
        expected_move=None if over_days is None or price is None else over_days * price,
        persistence=None if model is None else model.persistence,
        long_run_per_bar=None if model is None else long_run_volatility(model),
        forecast_per_bar=ahead,
    )
