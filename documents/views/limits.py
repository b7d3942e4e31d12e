from django.http import Http404


def limit_list(request, **kwargs):
    raise Http404
