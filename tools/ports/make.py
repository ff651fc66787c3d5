#!/usr/bin/env python3
"""Makes crates/detector/data/ports.tsv from the World Port Index (Pub. 150) as CSV.

usage: make.py ports.csv ports.tsv

Keeps latitude, longitude and the main name of every port, in the order of the names. Needs Python 3.8
or newer and nothing else.
"""

import csv
import sys


def main(source, target):
    with open(source, encoding="utf-8-sig", newline="") as file:
        ports = [
            (row["Main Port Name"].strip(), float(row["Latitude"]), float(row["Longitude"]))
            for row in csv.DictReader(file)
        ]
    ports = sorted({port for port in ports if port[0]})
    for name, latitude, longitude in ports:
        assert "\t" not in name and "\n" not in name, name
        assert -90 <= latitude <= 90 and -180 <= longitude <= 180, name
    with open(target, "w", encoding="utf-8", newline="\n") as file:
        for name, latitude, longitude in ports:
            file.write(f"{latitude:.4f}\t{longitude:.4f}\t{name}\n")
    print(f"{len(ports)} ports")


if __name__ == "__main__":
    main(*sys.argv[1:])
