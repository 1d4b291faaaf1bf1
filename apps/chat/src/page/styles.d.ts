/** Styles are the bundler's to take. */
declare module "*.css";
