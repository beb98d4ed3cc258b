# SPDX-License-Identifier: Apache-2.0
# requirements: numpy==2.4.6 pillow==13.0.0
"""Draws one small synthetic picture and stores it in every image format that `tessera run` reads.

    python3 models/images/make_images.py

grey.npy and rgb.npy (uint8, height x width x channels) are what a decoder should give for the lossless files.
The picture is 24 wide and 16 high, so that swapped axes show, and odd_* is 23 x 15 for row padding.
"""
import pathlib
import struct
import zlib

import numpy as np
from PIL import Image

HERE = pathlib.Path(__file__).resolve().parent
WIDTH, HEIGHT = 24, 16


def picture():
    """Red rises to the right, green rises downwards, blue is a disc; a white mark in the top left corner."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    disc = (x - 15) ** 2 + (y - 8) ** 2 <= 25
    rgb = np.stack([x * 255 // (WIDTH - 1), y * 255 // (HEIGHT - 1), np.where(disc, 240, 16)], -1)
    rgb[1:4, 1:4] = 255
    return rgb.astype(np.uint8)


def png(array, bits, colour, name, interlace=0):
    """Writes the PNGs that Pillow cannot: 16-bit colour, and Adam7 interlacing."""
    channels = {0: 1, 2: 3, 4: 2, 6: 4}[colour]
    data = np.asarray(array).reshape(HEIGHT, WIDTH, channels).astype(">u2" if bits == 16 else np.uint8)
    passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
    raw = b""
    for y0, x0, dy, dx in passes if interlace else [(0, 0, 1, 1)]:
        part = data[y0::dy, x0::dx]
        raw += b"".join(b"\0" + row.tobytes() for row in part if row.size)

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, bits, colour, 0, 0, interlace)
    (HERE / name).write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
                              + chunk(b"IDAT", zlib.compress(raw, 9)) + chunk(b"IEND", b""))


def main():
    rgb = picture()
    grey = ((rgb.astype(np.uint32) * [77, 150, 29]).sum(-1) + 128 >> 8).astype(np.uint8)
    np.save(HERE / "rgb.npy", rgb)
    np.save(HERE / "grey.npy", grey[..., None])
    colour, mono = Image.fromarray(rgb), Image.fromarray(grey)
    alpha = np.dstack([rgb, np.full((HEIGHT, WIDTH), 255, np.uint8)])

    colour.save(HERE / "rgb.png")
    mono.save(HERE / "grey.png")
    Image.fromarray(alpha).save(HERE / "rgba_opaque.png")
    Image.fromarray(np.dstack([grey, alpha[..., 3]]), "LA").save(HERE / "grey_alpha_opaque.png")
    # The picture has at most 256 colours after this step, so that the palette files are lossless too.
    few = colour.quantize(64, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    few.save(HERE / "palette.png")
    few.save(HERE / "palette.bmp")
    np.save(HERE / "palette.npy", np.asarray(few.convert("RGB")))
    Image.fromarray(grey >= 128).save(HERE / "one_bit.png")
    np.save(HERE / "one_bit.npy", ((grey >= 128) * np.uint8(255))[..., None])
    # 16 bits: the high byte is the 8-bit picture; value = 257 * byte, so that rounding and truncation agree.
    png(grey.astype(np.uint16) * 257, 16, 0, "grey_16bit.png")
    png(rgb.astype(np.uint16) * 257, 16, 2, "rgb_16bit.png")
    png(rgb, 8, 2, "rgb_interlaced.png", interlace=1)
    colour.save(HERE / "rgb.bmp")
    mono.save(HERE / "grey.bmp")
    colour.crop((0, 0, 23, 15)).save(HERE / "odd_rgb.bmp")
    colour.crop((0, 0, 23, 15)).save(HERE / "odd_rgb.png")
    colour.save(HERE / "rgb.jpg", quality=95, subsampling=0)
    colour.save(HERE / "rgb_420.jpg", quality=90, subsampling=2)
    colour.save(HERE / "rgb_progressive.jpg", quality=95, subsampling=0, progressive=True)
    mono.save(HERE / "grey.jpg", quality=95)


if __name__ == "__main__":
    main()
