from django.http import Http404


def use_add(request, **kwargs):
    raise Http404
