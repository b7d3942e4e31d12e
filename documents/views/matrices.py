from django.http import Http404


def round_matrix(request, **kwargs):
    raise Http404


def matrix_xlsx(request, **kwargs):
    raise Http404


def matrix_csv(request, **kwargs):
    raise Http404
