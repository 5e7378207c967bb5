"""The evidence of a closed inspection: one ZIP file that verifies without this server."""

from __future__ import annotations

import tempfile
from pathlib import Path

from fastapi import Request
from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response

from api.answers import PRIVATE
from api.guard import guarded_router, needs
from api.recorded import Number, asked
from records.inspections import pack, reading
from records.rights import Right

router = guarded_router()


@router.post(
    "/inspections/{inspection}/pack",
    summary="The signed evidence pack",
    responses={200: {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}},
)
@needs(Right.PACK_INSPECTIONS)
def packs(request: Request, inspection: Number) -> Response:
    """The head of the audit trail is signed for it, and that it was taken out stays in the trail.

    `python records/verify_pack.py FILE PUBLIC_KEY` verifies it anywhere.
    """
    ask = asked(request)
    with ask.writing() as write:
        one = reading.seen(write, ask.viewer, Right.PACK_INSPECTIONS, ask.book, inspection)
        head = pack.sign_head(write, one)
    place = Path(tempfile.mkstemp(suffix=".zip")[1])
    try:
        with ask.reading() as read:
            made = pack.write_pack(read, ask.viewer, one, head, ask.today, place)
        with ask.writing() as write:
            pack.note(write, one, made)
    except BaseException:
        place.unlink()
        raise
    headers = PRIVATE | {
        "Content-Disposition": f'attachment; filename="inspection-{inspection}.zip"',
        "X-Manifest-SHA256": made.manifest_hash,
    }
    return FileResponse(place, 200, headers, "application/zip", background=BackgroundTask(place.unlink))
