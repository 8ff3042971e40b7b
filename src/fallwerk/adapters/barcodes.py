"""Reading the symbol of a coupon from a camera's picture."""

import asyncio


async def read_codes(grey: bytes, width: int, height: int) -> list[str]:
    """
    Return the texts of the Data Matrix symbols in a picture, off the event loop.

    Args:
        grey: One byte a pixel, row by row: nothing has to be decoded before, so nothing can go off while decoding.
    """
    return await asyncio.to_thread(_read, grey, width, height)


def _read(grey: bytes, width: int, height: int) -> list[str]:
    # The library is loaded with the first scan, not with every start of a server.
    import zxingcpp  # noqa: PLC0415

    picture = memoryview(grey).cast("B", (height, width))
    found = zxingcpp.read_barcodes(picture, formats=zxingcpp.barcode_formats_from_str("DataMatrix"))
    return [code.text for code in found if code.valid]
