"""Reads the pixels of an image file. There is one rule for each kind of file; other files are refused.

===========================  ====================================================================================
What the file holds          What is read
===========================  ====================================================================================
8 bits a sample, or fewer    value / 255, or / the largest value of that many bits; palettes give their colours
9 to 16 bits, unsigned       value / the largest of that many bits, which is 65535 for 16; greyscale and RGB
floating-point greyscale     the value as it is; it must lie in [0, 1]
CMYK, YCbCr                  RGB by Pillow's formulas
alpha, a transparent colour  composed over black; fully opaque pixels stay as they are
orientation (EXIF)           the image is turned upright
MPO                          the photograph, which is its first picture
===========================  ====================================================================================

Greyscale is the luma of ITU-R 601-2, 0.299 R + 0.587 G + 0.114 B. If colour is asked for, greyscale files give three
equal channels. Colour profiles and gamma are not applied. Files with several frames or pages, signed and 32-bit
integers, floats outside [0, 1], LAB, 16-bit CMYK and 16-bit PPM are refused: they have no single obvious meaning.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from sweeper.common.text import escaped
from sweeper.errors import PartError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt
    from PIL import Image, TiffImagePlugin

    Floats = npt.NDArray[np.float32]

FORMATS = ("BMP", "GIF", "JPEG", "MPO", "PNG", "PPM", "TIFF", "WEBP")
"""The allowed formats of a file, whatever the ending of its name is."""
_EIGHT_BIT = frozenset({"1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "HSV"})
_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)
_ORIENTATION, _ON_THEIR_SIDE = 274, range(5, 9)
_BITS_PER_SAMPLE, _PHOTOMETRIC, _SAMPLE_FORMAT = 258, 262, 339
_WHITE_IS_ZERO, _SIGNED = 0, 2


@dataclass(frozen=True)
class StoredImage:
    """An image file that stands in another file: its bytes, and how messages call it."""

    content: bytes
    name: str

    def __str__(self) -> str:
        return self.name


def _opened(source: Path | StoredImage) -> Image.Image:
    from PIL import Image

    return Image.open(BytesIO(source.content) if isinstance(source, StoredImage) else source)


def read_image(source: Path | StoredImage, *, size: tuple[int, int] | None, grayscale: bool) -> Floats:
    """One image file as C x H x W, float32 in [0, 1], C = 1 where `grayscale`, else 3.

    Parameters
    ----------
    source
        The file.
    size
        Height and width to resize to (bilinear), or `None`.
    grayscale
        Whether the image has one channel instead of three.

    Raises
    ------
    PartError
        The file cannot be read, or its kind of pixels has no rule. The message names the file.
    """
    from PIL import UnidentifiedImageError

    name = escaped(str(source))
    try:
        with _opened(source) as image:
            return _pixels(image, source, size, grayscale)
    except PartError as error:
        raise PartError(f"Cannot read {name} as an image: {error}") from None
    except UnidentifiedImageError as error:
        raise PartError(
            f"Cannot read {name} as an image: it is not a {', '.join(FORMATS)} that Pillow can read. "
            "Repair or remove it."
        ) from error
    except Exception as error:  # a damaged file may fail in any way
        raise PartError(f"Cannot read {name} as an image: {error}. Repair or remove the file.") from error


def image_size(source: Path | StoredImage) -> tuple[int, int]:
    """Height and width of an image as `read_image` gives it, turned upright; only the header of the file is read.

    Raises
    ------
    PartError
        The file cannot be read. The message names it.
    """
    from PIL import UnidentifiedImageError

    name = escaped(str(source))
    try:
        with _opened(source) as image:
            turned = image.getexif().get(_ORIENTATION, 1) in _ON_THEIR_SIDE
            return (image.width, image.height) if turned else (image.height, image.width)
    except UnidentifiedImageError as error:
        raise PartError(
            f"Cannot read {name} as an image: it is not a {', '.join(FORMATS)} that Pillow can read. "
            "Repair or remove it."
        ) from error
    except Exception as error:  # a damaged file may fail in any way
        raise PartError(f"Cannot read {name} as an image: {error}. Repair or remove the file.") from error


def _pixels(image: Image.Image, source: Path | StoredImage, size: tuple[int, int] | None, grayscale: bool) -> Floats:
    _check_form(image)
    bits = _bits(image)
    if image.mode in _EIGHT_BIT and bits <= 8:
        return _of_eight_bits(image, size, grayscale)
    if image.mode in ("RGB", "RGBA"):
        values = _of_deep_colours(image, source)
    elif bits <= 16 and (image.mode.startswith("I;16") or (image.mode == "I" and image.format in ("PNG", "PPM"))):
        values = _of_deep_grays(image, 2**bits - 1)
    elif image.mode == "F":
        values = _of_floats(image)
    else:
        raise PartError(
            f"its pixels are {_described(image, bits)}, and nothing says which value is white. Save it with 8 or 16 "
            "bits a sample, unsigned, or as floats in [0, 1]."
        )
    channels = _channels(values, grayscale)
    return channels if size is None else resized(channels, size)


def _check_form(image: Image.Image) -> None:
    if image.format not in FORMATS:
        raise PartError(f"it is a {image.format}; allowed: {', '.join(FORMATS)}. Convert it.")
    if getattr(image, "is_animated", False) and image.format != "MPO":
        frames = getattr(image, "n_frames", "several")
        raise PartError(f"it holds {frames} frames, and one image is wanted. Save the one that is meant by itself.")


def _bits(image: Image.Image) -> int:
    """Bits of one sample as the file says, at least 8. Signed samples count as 32, which has no rule."""
    if image.format == "TIFF":
        tags = cast("TiffImagePlugin.TiffImageFile", image).tag_v2
        if _SIGNED in tags.get(_SAMPLE_FORMAT, (1,)):
            return 32
        return max(8, *tags.get(_BITS_PER_SAMPLE, (1,)))
    if image.format == "PNG":
        return 16 if image.mode[0] == "I" or "16" in _raw_mode(image) else 8
    if image.format == "PPM":
        return 16 if image.mode == "I" or _largest_of_ppm(image) > 255 else 8
    return 8


def _raw_mode(image: Image.Image) -> str:
    """How the samples lie in the file, as Pillow writes it: `RGB;16B`."""
    arguments = _tiles(image)[0].args
    return str(arguments if isinstance(arguments, str) else arguments[0])


def _tiles(image: Image.Image) -> list[Any]:
    return getattr(image, "tile", None) or [None]


def _largest_of_ppm(image: Image.Image) -> int:
    arguments = _tiles(image)[0].args
    known = not isinstance(arguments, str) and len(arguments) == 2
    return int(arguments[1]) if known else 255


def _described(image: Image.Image, bits: int) -> str:
    kind = {"I": "signed or 32-bit integers", "LAB": "LAB colours"}.get(image.mode)
    return kind or f"{image.mode} of {'signed integers' if bits == 32 else f'{bits} bits'}"


def _turn_upright(image: Image.Image) -> None:
    from PIL import ImageOps

    if hasattr(image, "filename"):
        # If Pillow maps a file into memory, rotating a TIFF by 90 degrees gives noise.
        image.filename = ""  # pyright: ignore[reportAttributeAccessIssue]
    ImageOps.exif_transpose(image, in_place=True)


# 8 bits


def _of_eight_bits(image: Image.Image, size: tuple[int, int] | None, grayscale: bool) -> Floats:
    from PIL import Image

    _turn_upright(image)
    if image.has_transparency_data:
        colours = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", colours.size, (0, 0, 0, 255)), colours)
    image = image.convert("L" if grayscale else "RGB")
    if size is not None:
        image = image.resize((size[1], size[0]), Image.Resampling.BILINEAR)
    pixels = np.asarray(image, dtype=np.float32) / np.float32(255)
    return pixels[None] if pixels.ndim == 2 else np.ascontiguousarray(pixels.transpose(2, 0, 1))


# More than 8 bits: H x W x C, float32 in [0, 1]


def _of_deep_grays(image: Image.Image, largest: int) -> Floats:
    samples = _array(image)
    clear = image.info.get("transparency")
    values = _with_white_one(image, samples.astype(np.float32) / np.float32(largest))
    return np.where(samples == clear, np.float32(0), values)[..., None] if clear is not None else values[..., None]


def _of_floats(image: Image.Image) -> Floats:
    values: Floats = _array(image).astype(np.float32)
    low, high = float(values.min()), float(values.max())
    if not (low >= 0 and high <= 1):  # also where one is NaN
        raise PartError(f"its pixels are floats from {low:g} to {high:g}; floats must lie in [0, 1]. Rescale it.")
    return _with_white_one(image, values)[..., None]


def _with_white_one(image: Image.Image, values: Floats) -> Floats:
    """Values with 1 for white; in a TIFF, white may be 0."""
    tags: Any = getattr(image, "tag_v2", {})
    return np.subtract(1, values, dtype=np.float32) if tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO else values


def _array(image: Image.Image) -> npt.NDArray[Any]:
    _turn_upright(image)
    return np.asarray(image)


def _of_deep_colours(image: Image.Image, source: Path | StoredImage) -> Floats:
    samples = _sixteen_bits(image, source)
    values: Floats = samples.astype(np.float32) / np.float32(65535)
    clear = image.info.get("transparency")
    if clear is not None:
        values[(samples == np.asarray(clear)).all(axis=-1)] = 0
    if values.shape[2] in (2, 4):
        return np.multiply(values[..., :-1], values[..., -1:], dtype=np.float32)
    return values


def _sixteen_bits(image: Image.Image, source: Path | StoredImage) -> npt.NDArray[np.uint16]:
    """Both bytes of each sample. Pillow keeps only the upper byte, or the lower one if told the other byte order."""
    raw = _raw_mode(image)
    if raw == "LA;16B":  # four bytes a pixel, which Pillow can give as they are
        four = _decoded(source, "RGBA")
        return _joined(four[..., ::2], four[..., 1::2])
    colours, _, order = raw.partition(";16")
    order = ("L" if sys.byteorder == "little" else "B") if order == "N" else order
    if colours not in ("RGB", "RGBA", "RGBX") or order not in ("B", "L"):
        raise PartError(f"its pixels lie as {raw}, which has no rule. Save it as RGB or greyscale of 8 or 16 bits.")
    upper, lower = (_decoded(source, f"{colours};16{end}") for end in (order, "L" if order == "B" else "B"))
    return _joined(upper, lower)


def _joined(upper: npt.NDArray[np.uint8], lower: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint16]:
    joined: npt.NDArray[Any] = (upper.astype(np.uint16) << 8) | lower
    return joined


def _decoded(source: Path | StoredImage, raw_mode: str) -> npt.NDArray[np.uint8]:
    with _opened(source) as image:
        tiles = _tiles(image)
        for number, tile in enumerate(tiles):
            arguments = raw_mode if isinstance(tile.args, str) else (raw_mode, *tile.args[1:])
            tiles[number] = tile._replace(args=arguments)
        return _array(image)


def _channels(values: Floats, grayscale: bool) -> Floats:
    """H x W x 1 or H x W x 3 as C x H x W, with one channel if `grayscale`, else three."""
    if values.shape[2] == 1:
        values = values if grayscale else values.repeat(3, axis=2)
    elif grayscale:
        values = (values @ _LUMA)[..., None]
    return np.ascontiguousarray(values.transpose(2, 0, 1))


def resized(channels: Floats, size: tuple[int, int]) -> Floats:
    """C x H x W floats at another height and width: bilinear, over more pixels where an image shrinks, as in Pillow."""
    from PIL import Image

    flat = [Image.fromarray(c).resize((size[1], size[0]), Image.Resampling.BILINEAR) for c in channels]
    return np.stack([np.asarray(image, dtype=np.float32) for image in flat])


def luma(colours: Floats) -> Floats:
    """Red, green and blue, 3 x H x W, as the greyscale of this module, 1 x H x W."""
    return np.tensordot(_LUMA, colours, axes=1)[None]
