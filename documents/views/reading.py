from django.http import Http404


def version_compare(request, **kwargs):
    raise Http404


def version_read(request, **kwargs):
    raise Http404
