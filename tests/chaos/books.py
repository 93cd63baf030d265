"""Workbooks that are small as files, and huge to whoever reads them."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from pathlib import Path

PACKAGE = "http://schemas.openxmlformats.org/package/2006/"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"

TYPES = f"""<Types xmlns="{PACKAGE}content-types"><Default Extension="xml" ContentType="application/xml"/>
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Override PartName="/xl/workbook.xml" ContentType="{KIND}.sheet.main+xml"/>
<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{KIND}.worksheet+xml"/>
<Override PartName="/xl/sharedStrings.xml" ContentType="{KIND}.sharedStrings+xml"/></Types>"""
RELATIONS = (
    """<Relationships xmlns="{}relationships"><Relationship Id="r1" Type="{}/{}" Target="{}"/></Relationships>"""
)
PARTS = {
    "[Content_Types].xml": TYPES,
    "_rels/.rels": RELATIONS.format(PACKAGE, OFFICE, "officeDocument", "xl/workbook.xml"),
    "xl/_rels/workbook.xml.rels": RELATIONS.format(PACKAGE, OFFICE, "worksheet", "worksheets/sheet1.xml"),
    "xl/workbook.xml": f"""<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets><sheet name="S" sheetId="1" r:id="r1"/>
</sheets></workbook>""",
}
CELLS = "the sheet has more than 1,000,000 cells"
BOOKS = {  # and what is said of each
    "wide": CELLS,  # one cell far to the right, and many rows: each is as long as the longest in a table
    "far": CELLS,  # a row that says it is the hundred thousand millionth
    "rows": CELLS,
    "strings": CELLS,
    "styles": "more than 8 MiB of styles and the like when unzipped",
    "large": "more than 128 MiB when unzipped",
    "laughs": "could not read strings|amplification",  # by the parser that there is
}
ROW = "<row><c><v>1</v></c></row>"


def write_book(path: Path, name: str) -> None:
    """Write the book of that *name*."""
    sheet: Iterable[str] = [ROW]
    strings: Iterable[str] = []
    styles: Iterable[str] = []
    document = ""
    match name:
        case "wide":
            sheet = ['<row><c r="XFD1"><v>1</v></c></row>', *[ROW] * 100_000]
        case "far":
            sheet = [ROW, '<row r="99999999999"><c r="A99999999999"><v>1</v></c></row>']
        case "rows":
            sheet = ["<row/>" * 100_000] * 100
        case "strings":
            strings = ["<si><t/></si>" * 10_000] * 200
        case "styles":
            styles = ['<xf numFmtId="1"/>' * 10_000] * 60
        case "large":
            sheet = [" " * 2**20] * 129
        case "laughs":
            entities = (f'<!ENTITY {chr(98 + k)} "{f"&{chr(97 + k)};" * 10}">' for k in range(9))
            document = f'<!DOCTYPE laughs [<!ENTITY a "{"a" * 10}">{"".join(entities)}]>'
            strings = ["<si><t>&j;</t></si>"]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, text in PARTS.items():
            archive.writestr(part, text)
        write(archive, "xl/worksheets/sheet1.xml", "worksheet", ["<sheetData>", *sheet, "</sheetData>"])
        write(archive, "xl/styles.xml", "styleSheet", ["<cellXfs>", *styles, "</cellXfs>"])
        write(archive, "xl/sharedStrings.xml", "sst", strings, document)


def write(archive: zipfile.ZipFile, part: str, element: str, content: Iterable[str], document: str = "") -> None:
    """Write a part of a book."""
    with archive.open(part, "w") as file:
        file.write(f'{document}<{element} xmlns="{MAIN}">'.encode())
        for piece in content:
            file.write(piece.encode())
        file.write(f"</{element}>".encode())
