"""The portal's addresses and the bare view: one indexed query, no template."""

from django.http import HttpResponse
from django.urls import include, path

from experts.models import Expert


def bare(request, pk: int):
    """What Django costs at the least on this server: all middleware, one row by its key."""
    return HttpResponse(Expert.objects.values_list("name", flat=True).get(pk=pk))


urlpatterns = [path("bare/<int:pk>/", bare), path("", include("wmaportal.urls"))]
