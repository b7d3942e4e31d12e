from django.http import Http404


def round_list(request, **kwargs):
    raise Http404


def round_add(request, **kwargs):
    raise Http404


def round_detail(request, **kwargs):
    raise Http404


def round_edit(request, **kwargs):
    raise Http404


def round_open(request, **kwargs):
    raise Http404
