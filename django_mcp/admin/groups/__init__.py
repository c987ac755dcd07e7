"""Admin of tool groups: their switches, clients and the page of visibility."""
