from django.http import Http404


def table_download(request, **kwargs):
    raise Http404


def table_upload(request, **kwargs):
    raise Http404


def table_preview(request, **kwargs):
    raise Http404
