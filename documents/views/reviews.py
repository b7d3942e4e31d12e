from django.http import Http404


def practice_review(request, **kwargs):
    raise Http404
