from django.http import Http404


def practice_add(request, **kwargs):
    raise Http404


def practice_compare(request, **kwargs):
    raise Http404


def practice_detail(request, **kwargs):
    raise Http404


def practice_version(request, **kwargs):
    raise Http404


def practice_edit(request, **kwargs):
    raise Http404


def practice_submit(request, **kwargs):
    raise Http404


def practice_photo(request, **kwargs):
    raise Http404


def practice_archive(request, **kwargs):
    raise Http404


def practice_valid(request, **kwargs):
    raise Http404
