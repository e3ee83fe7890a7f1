"""Image files are read as they say they are: each kind by its rule, and what has no rule is refused by name."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from sweeper.capabilities.data_quality_checks import exact_duplicates
from sweeper.datasets import ImageFolder, as_arrays
from sweeper.errors import PartError

RAMP = np.arange(256, dtype=np.uint8).reshape(16, 16)
DEEP = RAMP.astype(np.uint16) * 257
"""The same ramp in 16 bits: 255 becomes 65535."""
RGB = np.random.default_rng(0).integers(0, 65536, (16, 16, 3), dtype=np.uint16)


@pytest.fixture
def read(tmp_path):
    """Write one image of class `cat` and read it back as a dataset does."""

    def read(name, write, **arguments):
        root = tmp_path / name
        (root / "cat").mkdir(parents=True)
        write(root / "cat" / name)
        return ImageFolder(root, **arguments)[0][0]

    return read


def saved(array, mode=None, **options):
    image = array if isinstance(array, Image.Image) else Image.fromarray(array)
    return lambda path: (image.convert(mode) if mode else image).save(path, **options)


def png(samples, color_type):
    """Writes a 16-bit PNG, which Pillow cannot for colours: samples are H x W x C, rows are not filtered."""
    height, width = samples.shape[:2]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in samples)

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 16, color_type, 0, 0, 0)
    content = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n" + content)


def tiff(samples, order="<", *, compressed=False, **more):
    """Writes a TIFF of one strip: H x W x C samples of any dtype; `more` are further tags by number."""
    height, width, channels = samples.shape
    kind = {"u": 1, "i": 2, "f": 3}[samples.dtype.kind]
    data = samples.astype(samples.dtype.newbyteorder(order)).tobytes()
    data = zlib.compress(data) if compressed else data
    bits = samples.dtype.itemsize * 8
    tags = {256: [width], 257: [height], 258: [bits] * channels, 259: [8 if compressed else 1], 277: [channels]}
    tags |= {262: [2 if channels == 3 else 1], 278: [height], 339: [kind] * channels, 279: [len(data)], 273: [0]}
    tags |= {int(tag[1:]): [value] for tag, value in more.items()}
    extra, at = b"", 8 + 2 + 12 * len(tags) + 4
    directory = struct.pack(f"{order}H", len(tags))
    where = at + sum(2 * len(v) for v in tags.values() if len(v) > 2)
    for tag, values in sorted((tags | {273: [where]}).items()):
        packed = struct.pack(f"{order}{len(values)}H", *values)
        field = packed.ljust(4, b"\0") if len(values) <= 2 else struct.pack(f"{order}I", at + len(extra))
        extra += packed if len(values) > 2 else b""
        directory += struct.pack(f"{order}HHI", tag, 3, len(values)) + field
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8)
    return lambda path: path.write_bytes(head + directory + bytes(4) + extra + data)


# Depth


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("8.png", saved(RAMP)),
        ("16.png", saved(DEEP)),
        ("16.tif", saved(DEEP)),
        ("16-big.tif", tiff(DEEP[..., None], ">")),
        ("16-deflated.tif", tiff(DEEP[..., None], compressed=True)),
        ("16-deflated-big.tif", tiff(DEEP[..., None], ">", compressed=True)),
        ("16-white-is-zero.tif", tiff(65535 - DEEP[..., None], t262=0)),
        ("16.pgm", saved(DEEP)),
        ("float.tif", saved(RAMP.astype(np.float32) / 255)),
        ("float-white-is-zero.tif", tiff(1 - RAMP[..., None].astype(np.float32) / 255, t262=0)),
        ("rgb16.png", png(DEEP[..., None].repeat(3, 2), 2)),
        ("rgb16.tif", tiff(DEEP[..., None].repeat(3, 2))),
        ("gray-alpha16.png", png(np.stack([DEEP, np.full_like(DEEP, 65535)], 2), 4)),
    ],
)
@pytest.mark.parametrize("grayscale", [False, True])
def test_one_ramp_has_one_mean_whatever_its_depth(read, name, write, grayscale):
    image = read(name, write, grayscale=grayscale)
    assert image.shape == (1 if grayscale else 3, 16, 16)
    assert image.dtype == np.float32
    np.testing.assert_allclose(image, np.broadcast_to(RAMP / 255, image.shape), atol=1e-6)
    assert image.mean() == pytest.approx(0.5, abs=0.003)


@pytest.mark.parametrize(
    "write",
    [
        png(RGB, 2),
        png(np.concatenate([RGB, np.full((16, 16, 1), 65535, np.uint16)], 2), 6),
        tiff(RGB),
        tiff(RGB, ">"),
        tiff(RGB, compressed=True),
        tiff(RGB, ">", compressed=True),
    ],
    ids=["png", "png-alpha", "tiff", "tiff-big", "tiff-deflated", "tiff-big-deflated"],
)
def test_sixteen_bits_of_a_colour_are_all_read(read, write):
    image = read("deep.png", write)
    np.testing.assert_allclose(image, RGB.transpose(2, 0, 1) / 65535, atol=1e-7)


def test_twelve_bits_are_a_part_of_twelve_bits(read):
    packed = np.array([[0xFF, 0xFF, 0xFF], [0x00, 0x08, 0x00]], dtype=np.uint8)  # 4095, 4095; 0, 2048
    write = tiff(packed.reshape(2, 3, 1), t256=2, t258=12)
    np.testing.assert_allclose(read("12.tif", write, grayscale=True)[0], [[1, 1], [0, 2048 / 4095]], atol=1e-6)


@pytest.mark.parametrize("mode", ["1", "L", "RGB"])
@pytest.mark.parametrize("grayscale", [False, True])
@pytest.mark.parametrize("size", [None, (5, 9)])
def test_eight_bits_are_read_as_ever(read, mode, grayscale, size):
    image = Image.fromarray((RGB >> 8).astype(np.uint8)).convert(mode)
    expected = image.convert("L" if grayscale else "RGB")
    if size:
        expected = expected.resize((9, 5), Image.Resampling.BILINEAR)
    expected = np.asarray(expected, dtype=np.float32) / np.float32(255)
    expected = expected[None] if grayscale else expected.transpose(2, 0, 1)
    np.testing.assert_array_equal(read("x.png", saved(image), grayscale=grayscale, size=size), expected)


def test_deep_images_are_resized_without_a_loss(read):
    shallow = read("8.png", saved(RAMP), size=(8, 4))
    deep = read("16.png", saved(DEEP), size=(8, 4))
    assert deep.shape == (3, 8, 4)
    np.testing.assert_allclose(deep, shallow, atol=1 / 255)
    assert 0.2 < deep.std() < 0.3


def test_grey_is_the_luma_of_the_colours_in_any_depth(read):
    shallow = read("8.png", saved((RGB >> 8).astype(np.uint8)), grayscale=True)
    np.testing.assert_allclose(read("16.png", png(RGB, 2), grayscale=True), shallow, atol=1.5 / 255)


def test_distinct_deep_images_are_no_duplicates(tmp_path):
    (tmp_path / "cat").mkdir()
    for number in range(40):
        saved(DEEP // 4 + np.uint16(number))(tmp_path / "cat" / f"{number}.png")
    data = as_arrays(ImageFolder(tmp_path))
    assert len({image.tobytes() for image in data.images}) == 40
    assert exact_duplicates(data) == ()


# Palette, alpha, orientation


def test_a_palette_gives_its_colours(read):
    image = Image.fromarray(RAMP).convert("P", palette=Image.Palette.ADAPTIVE)
    expected = np.asarray(image.convert("RGB"), dtype=np.float32).transpose(2, 0, 1) / np.float32(255)
    np.testing.assert_array_equal(read("p.gif", saved(image)), expected)


@pytest.mark.parametrize("name", ["rgba.png", "rgba.webp", "rgba.tif", "la.png", "palette.png", "deep.png"])
def test_what_is_transparent_is_black_and_what_is_opaque_stays(read, name):
    grey = np.full((8, 8), 200, np.uint8)
    alpha = np.zeros((8, 8), np.uint8)
    alpha[:4] = 255
    rgba = np.dstack([grey, grey, grey, alpha])
    if name == "deep.png":
        write = png(rgba.astype(np.uint16) * 257, 6)
    elif name == "palette.png":
        write = saved(Image.fromarray((alpha == 0).astype(np.uint8), "L").convert("P"), transparency=1)
        grey = np.zeros_like(grey)  # the opaque entry 0 of that palette is black
    else:
        image = Image.fromarray(rgba, "RGBA").convert("LA" if name == "la.png" else "RGBA")
        write = saved(image, **({"lossless": True, "exact": True} if name.endswith("webp") else {}))
    expected = np.where(alpha == 255, grey, 0) / 255
    np.testing.assert_allclose(read(name, write), np.broadcast_to(expected, (3, 8, 8)), atol=1e-6)


@pytest.mark.parametrize("write", [png(DEEP[..., None].repeat(3, 2), 2), saved(RAMP)], ids=["deep", "shallow"])
def test_a_half_transparent_image_is_half_as_bright(read, write):
    half = np.dstack([RAMP, RAMP, RAMP, np.full_like(RAMP, 128)])
    opaque = read("o.png", write)
    for name, alpha in (("a.png", saved(half)), ("b.png", png(half.astype(np.uint16) * 257, 6))):
        np.testing.assert_allclose(read(name, alpha), opaque * (128 / 255), atol=1 / 255)


def test_a_colour_that_is_declared_transparent_is_black(read):
    image = Image.fromarray(np.full((4, 4), 90, np.uint8))
    assert read("key.png", saved(image, transparency=90)).max() == 0
    assert read("other.png", saved(image, transparency=91)).min() == pytest.approx(90 / 255)
    deep = np.full((4, 4), 90 * 257, np.uint16)
    assert read("deep.png", saved(deep, transparency=90 * 257)).max() == 0


@pytest.mark.parametrize(
    ("suffix", "deep"), [("jpg", False), ("png", False), ("tif", False), ("png", True), ("tif", True)]
)
def test_an_image_is_turned_upright(read, suffix, deep):
    wide = Image.fromarray(DEEP[:4] if deep else RAMP[:4])
    exif = Image.Exif()
    exif[274] = 6  # to be turned by 90 degrees, clockwise
    options = {"tiffinfo": {274: 6}} if suffix == "tif" else {"exif": exif.tobytes()}
    image = read(f"turned.{suffix}", saved(wide, **options), grayscale=True)
    assert image.shape == (1, 16, 4)
    np.testing.assert_allclose(image[0], np.rot90(RAMP[:4], -1) / 255, atol=6 / 255)


def test_a_deep_colour_image_is_turned_upright_too(read):
    upright = read("turned.tif", tiff(RGB[:4], t274=6))
    np.testing.assert_allclose(upright, np.rot90(RGB[:4], -1).transpose(2, 0, 1) / 65535, atol=1e-7)


def test_cmyk_becomes_rgb(read):
    red = Image.new("RGB", (8, 8), (255, 0, 0)).convert("CMYK")
    image = read("cmyk.jpg", saved(red, quality=100))
    np.testing.assert_allclose(image[:, 4, 4], [1, 0, 0], atol=3 / 255)


# What has no rule


def frames(count):
    images = [Image.fromarray(np.full((4, 4), 40 * i, np.uint8)) for i in range(count)]
    return lambda path: images[0].save(path, save_all=True, append_images=images[1:])


@pytest.mark.parametrize(
    ("name", "write", "message"),
    [
        ("moving.gif", frames(3), "3 frames"),
        ("moving.webp", frames(2), "2 frames"),
        ("moving.png", frames(2), "2 frames"),
        ("pages.tif", frames(2), "2 frames"),
        ("bright.tif", saved(RAMP.astype(np.float32)), r"floats from 0 to 255.*\[0, 1\]"),
        ("negative.tif", saved(RAMP.astype(np.float32) / 255 - 0.5), r"floats from -0\.5 to 0\.5"),
        ("nan.tif", saved(np.full((4, 4), np.nan, np.float32)), "floats from nan"),
        ("int32.tif", saved(RAMP.astype(np.int32)), "32-bit integers"),
        ("int16.tif", tiff(RAMP[..., None].astype(np.int16)), "signed"),
        ("int8.tif", tiff(RAMP[..., None].astype(np.int8)), "signed"),
        ("lab.tif", saved(Image.new("LAB", (4, 4))), "LAB"),
        ("rgb16.ppm", lambda path: path.write_bytes(b"P6 2 2 65535 " + bytes(24)), "no rule"),
        ("text.png", lambda path: path.write_text("not an image"), "not a BMP"),
        ("empty.png", lambda path: path.write_bytes(b""), "not a BMP"),
        ("no-pixels.png", png(np.zeros((0, 0, 3), np.uint16), 2), "Cannot read"),
        ("vast.png", lambda p: p.write_bytes(_vast_png()), "exceeds limit"),
    ],
)
def test_what_has_no_rule_is_refused_by_name(read, name, write, message):
    with pytest.raises(PartError, match=message) as caught:
        read(name, write)
    assert f"cat/{name}" in str(caught.value)


@pytest.mark.parametrize("suffix", ["bmp", "gif", "jpg", "pgm", "png", "ppm", "tif", "webp"])
@pytest.mark.parametrize("kept", [0.2, 0.6, 0.9])
def test_a_cut_off_file_is_named(read, suffix, kept):
    noise = Image.fromarray((RGB >> 8).astype(np.uint8)).convert("L" if suffix == "pgm" else "RGB")

    def write(path):
        saved(noise)(path)
        content = path.read_bytes()
        path.write_bytes(content[: int(len(content) * kept)])

    with pytest.raises(PartError, match=rf"cat/x\.{suffix}"):
        read(f"x.{suffix}", write)


def _vast_png():
    data = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    header = b"IHDR" + data + struct.pack(">I", zlib.crc32(b"IHDR" + data))
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", 9) + b"IDAT" + bytes(13)
