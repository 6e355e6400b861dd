"""Writes the price maps that packages carry as the JSON files their projects publish.

prices_maps.py FOLDER MODELSDEV.sqlite: data.json (genai-prices) and api.json (models.dev) in FOLDER.
LiteLLM's package has its map as it is. Decimals stay as they are: floats of so few digits are exact.
"""

import dataclasses
import datetime
import decimal
import json
import pathlib
import sqlite3
import sys

from genai_prices import types
from genai_prices.data import providers

folder, database = pathlib.Path(sys.argv[1]), sys.argv[2]


def written(value):
    """A value of the package as it stands in data.json."""
    match value:
        case decimal.Decimal():
            return int(value) if value % 1 == 0 else float(value)
        case datetime.time():
            return value.isoformat().replace("+00:00", "Z")
        case datetime.date():
            return value.isoformat()
        case types.ModelPrice():
            return written(vars(value))
        case dict():
            return {key: written(item) for key, item in value.items() if item is not None}
        case list():
            return [written(item) for item in value]
        case _ if dataclasses.is_dataclass(value):
            names = [field.name for field in dataclasses.fields(value) if not field.name.startswith("_")]
            return written({name.rstrip("_"): getattr(value, name) for name in names})
        case _:
            return value


for provider in providers:
    provider.extractors = None
data = written(providers)
(folder / "data.json").write_text(json.dumps(data, separators=(",", ":")))

# The database keeps the numbers of api.json by the length of the context they hold above.
PARTS = ["input", "output", "reasoning", "cache_read", "cache_write", "input_audio", "output_audio"]
columns = ", ".join(f"cost_{part}" for part in PARTS)
api = {}
with sqlite3.connect(database) as db:
    for vendor, full, name in db.execute("SELECT provider_id, full_id, id FROM models ORDER BY full_id"):
        model = {"id": name}
        for mode, above, *rates in db.execute(
            f"SELECT experimental_mode_name, min_context, {columns} FROM pricing"
            " WHERE model_full_id = ? ORDER BY experimental_mode_name, min_context",
            (full,),
        ):
            cost = {part: rate for part, rate in zip(PARTS, rates) if rate is not None}
            if mode is not None:
                model.setdefault("experimental", {}).setdefault("modes", {})[mode] = {"cost": cost}
            elif above == 0:
                model["cost"] = cost
            else:
                model["cost"][f"context_over_{above // 1000}k"] = cost
        vendor_models = api.setdefault(vendor, {"id": vendor, "models": {}})["models"]
        vendor_models[name] = model
(folder / "api.json").write_text(json.dumps(api, separators=(",", ":")))
