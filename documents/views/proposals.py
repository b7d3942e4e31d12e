from django.http import Http404


def proposal_list(request, **kwargs):
    raise Http404


def proposal_add(request, **kwargs):
    raise Http404


def proposal_detail(request, **kwargs):
    raise Http404


def proposal_support(request, **kwargs):
    raise Http404
