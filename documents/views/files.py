from django.http import Http404


def version_file(request, **kwargs):
    raise Http404
