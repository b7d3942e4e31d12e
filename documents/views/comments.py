from django.http import Http404


def round_text(request, **kwargs):
    raise Http404


def comment_add(request, **kwargs):
    raise Http404


def comment_edit(request, **kwargs):
    raise Http404


def comment_drop(request, **kwargs):
    raise Http404


def round_send(request, **kwargs):
    raise Http404


def round_no_comments(request, **kwargs):
    raise Http404
