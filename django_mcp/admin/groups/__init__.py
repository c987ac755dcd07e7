"""Admin of tool groups: their tools, clients and the page of tool visibility."""
