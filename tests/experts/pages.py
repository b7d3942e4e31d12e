"""What tests of the pages need: the form as a browser sends it, and the codes from the mails."""

import io
import re

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from experts.forms import ExpertForm
from experts.models import Expert

NOTHING_NEW = (False, None, "", [])


def form_data(expert: Expert, **changes) -> dict:
    """What a browser sends from 'Change my profile', with these fields typed anew."""
    expert = Expert.objects.get(pk=expert.pk)
    form = ExpertForm(expert=expert)
    data = {}
    for name in form.fields:
        value = form[name].value()
        if name == "languages" or name == "worked_in":
            value = form.fields[name].prepare_value(value)
        if value in NOTHING_NEW or name == "photo":
            continue
        data[name] = value.replace("\n", "\r\n") if isinstance(value, str) else value
    return {**data, **changes}


def code_in(mail) -> str:
    return re.search(r"^ +(\d{6})$", mail.body, re.MULTILINE)[1]


def picture(
    size=(600, 400), kind="JPEG", mode="RGB", name="me.jpg", **options
) -> SimpleUploadedFile:
    file = io.BytesIO()
    Image.new(mode, size, 1 if mode == "P" else "#2266aa" if mode != "CMYK" else None).save(
        file, kind, **options
    )
    return SimpleUploadedFile(name, file.getvalue())
