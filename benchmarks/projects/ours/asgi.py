import gc
import os

from django.core.asgi import get_asgi_application

from django_mcp.asgi import mount

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.projects.ours.settings")

application = mount(get_asgi_application())

if os.environ.get("BENCHMARK_FREEZE"):
    gc.collect()
    gc.freeze()
