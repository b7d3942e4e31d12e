from django.http import Http404


def answer_list(request, **kwargs):
    raise Http404


def answer_edit(request, **kwargs):
    raise Http404


def round_finish(request, **kwargs):
    raise Http404


def round_cancel(request, **kwargs):
    raise Http404
