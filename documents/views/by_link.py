from django.http import Http404


def practice_by_link(request, **kwargs):
    raise Http404
