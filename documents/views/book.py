from django.http import Http404


def practice_book(request, **kwargs):
    raise Http404


def compilation_add(request, **kwargs):
    raise Http404


def compilation_detail(request, **kwargs):
    raise Http404
