from django.http import Http404


def document_list(request, **kwargs):
    raise Http404


def document_feed(request, **kwargs):
    raise Http404


def document_export_csv(request, **kwargs):
    raise Http404


def practice_list(request, **kwargs):
    raise Http404


def practice_feed(request, **kwargs):
    raise Http404
