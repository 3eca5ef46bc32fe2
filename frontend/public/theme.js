// Runs before the first paint, so that a chosen theme never flashes the other one.
const theme = localStorage.getItem("stratum.theme");
if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
