# SPDX-License-Identifier: Apache-2.0
"""The bill of materials of a release: SPDX 2.3, JSON. The release's own files with
their sums, what is linked into them, and the packages that they were built with."""

import hashlib
import re

STATIC = ("musl-dev", "libgcc-12-dev")  # in the services
DYNAMIC = ("libyaml-dev", "zlib1g-dev", "liblzma-dev", "liblz4-dev", "libzstd-dev", "libssl-dev", "libc6-dev")
NOTHING = "NOASSERTION"


def spdx_id(text):
    return "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", text)


def sums(path):
    data = path.read_bytes()
    return [{"algorithm": name, "checksumValue": hashlib.new(name.lower(), data).hexdigest()}
            for name in ("SHA1", "SHA256")]


def package(name, version, licence=NOTHING, **more):
    return {"SPDXID": spdx_id(f"Package-{name}"), "name": name, "versionInfo": version,
            "downloadLocation": NOTHING, "filesAnalyzed": False, "licenseConcluded": NOTHING,
            "licenseDeclared": licence, "copyrightText": NOTHING, **more}


def debian(name, version):
    purl = f"pkg:deb/debian/{name}@{version}?distro=bookworm"
    return package(name, version, supplier="Organization: Debian", externalRefs=[
        {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl}])


def relation(one, kind, other):
    return {"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}


def how_used(name, own):
    """How a package of the build environment stands to the release."""
    if name in STATIC:
        return relation(own, "STATIC_LINK", spdx_id(f"Package-{name}"))
    if name in DYNAMIC:
        return relation(own, "DYNAMIC_LINK", spdx_id(f"Package-{name}"))
    return relation(spdx_id(f"Package-{name}"), "BUILD_DEPENDENCY_OF", own)


def document(version, revision, created, files, packages):
    """`created`: ISO 8601, of the revision, so that the same source gives the same document."""
    own = spdx_id("Package-skerry")
    listed = [{"SPDXID": spdx_id(f"File-{f.name}"), "fileName": f"./{f.name}", "checksums": sums(f),
               "licenseConcluded": NOTHING, "copyrightText": NOTHING} for f in files]
    return {
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"skerry-{version}", "documentNamespace": f"https://spdx.org/spdxdocs/skerry-{version}-{revision}",
        "creationInfo": {"created": created, "creators": ["Tool: skerry-release"]},
        "packages": [package("skerry", version, "Apache-2.0", sourceInfo=f"git revision {revision}"),
                     *(debian(name, packages[name]) for name in sorted(packages))],
        "files": listed,
        "relationships": [relation("SPDXRef-DOCUMENT", "DESCRIBES", own),
                          *(relation(own, "CONTAINS", f["SPDXID"]) for f in listed),
                          *(how_used(name, own) for name in sorted(packages))],
    }


def check(spdx):
    """What is wrong with a document, as a list: ids that are missing or there twice, sums that are none."""
    ids = ["SPDXRef-DOCUMENT", *(x["SPDXID"] for kind in ("packages", "files") for x in spdx[kind])]
    wrong = [f"{i} twice" for i in sorted({i for i in ids if ids.count(i) > 1})]
    wrong += [f"{i}: no id" for i in ids if not re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", i)]
    for r in spdx["relationships"]:
        wrong += [f"{r[end]} is not there" for end in ("spdxElementId", "relatedSpdxElement") if r[end] not in ids]
    for f in spdx["files"]:
        if not any(c["algorithm"] == "SHA1" and len(c["checksumValue"]) == 40 for c in f["checksums"]):
            wrong.append(f"{f['fileName']}: no SHA1, which SPDX 2.3 wants")
    return wrong
