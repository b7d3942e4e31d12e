from django.http import Http404


def document_add(request, **kwargs):
    raise Http404


def document_detail(request, **kwargs):
    raise Http404


def document_edit(request, **kwargs):
    raise Http404


def document_cite(request, **kwargs):
    raise Http404


def version_add(request, **kwargs):
    raise Http404


def version_detail(request, **kwargs):
    raise Http404


def version_publish(request, **kwargs):
    raise Http404


def version_drop(request, **kwargs):
    raise Http404


def translation_add(request, **kwargs):
    raise Http404
