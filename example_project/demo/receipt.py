"""Receipt that the tour's user attaches to an expense: a PDF of one page."""

FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier /Encoding /WinAnsiEncoding >>"
ESCAPES = str.maketrans({character: f"\\{character}" for character in "()\\"})


def pdf(lines: list[str]) -> bytes:
    """A PDF that shows these lines of text, one below the other."""
    shown = " ".join(f"({line.translate(ESCAPES)}) Tj T*" for line in lines)
    stream = f"BT /F1 9 Tf 12 TL 12 180 Td {shown} ET".encode("cp1252", "replace")
    page = b"/MediaBox [0 0 220 200] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >>"
    return _document(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R %s >>" % page,
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
            FONT,
        ]
    )


def _document(objects: list[bytes]) -> bytes:
    document = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(document))
        document += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = len(document)
    entries = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    document += b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, entries)
    document += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, table)
    return bytes(document)
